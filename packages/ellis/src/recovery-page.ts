/** What the page behind a recovery link was opened with. */
export interface RecoveryPageQuery {
  readonly email?: string;
  readonly token?: string;
  readonly success?: string;
  readonly error?: string;
}

/** The page is one form: it needs no script, and its address, which holds the token, goes nowhere. */
export const RECOVERY_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** HTML of the form that takes the new password, or of what became of it. */
export function recoveryPage({ email = '', token = '', success, error }: RecoveryPageQuery): string {
  if (success !== undefined)
    return page('<p>Your password is changed, and every session has ended. Log in anew.</p>');
  const again = `/recover?${new URLSearchParams({ email, token })}`;
  const complaint =
    error === undefined
      ? ''
      : '<p>That did not work: the link is used or too old, or the password too short.</p>';
  return page(`${complaint}
<form method="post" action="/accounts/${escapeHtml(encodeURIComponent(email))}/password">
<input type="hidden" name="recovery_token" value="${escapeHtml(token)}">
<input type="hidden" name="onsuccess" value="/recover">
<input type="hidden" name="onfailure" value="${escapeHtml(again)}">
<label>New password for ${escapeHtml(email)}
<input type="password" name="password" minlength="6" autocomplete="new-password" required></label>
<button>Change it</button>
</form>`);
}

function page(content: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Clearwater password</title>${content}</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
