import type { Log } from '@clearwater/platform';
import { createTransport } from 'nodemailer';

/** What a recovery mail says. `link` carries the token and is as good as the password for 24 h. */
export interface RecoveryMail {
  readonly email: string;
  readonly fullName: string;
  readonly link: string;
}

/** Sends recovery mails. Rejects when the mail was not handed over. */
export type RecoveryMailer = (mail: RecoveryMail) => Promise<void>;

export interface SmtpConfig {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (port 465); otherwise STARTTLS when the server offers it. */
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  readonly sender: string;
}

/** Mails through an SMTP server; gives up after 10 s of silence. */
export function createSmtpMailer(smtp: SmtpConfig): RecoveryMailer {
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    ...(smtp.user === '' ? {} : { auth: { user: smtp.user, pass: smtp.password } }),
  });
  return async ({ email, fullName, link }) => {
    await transport.sendMail({
      from: smtp.sender,
      to: { name: '', address: email },
      subject: 'Your Clearwater password',
      text: [
        `Hello ${fullName},`,
        'Somebody, probably you, asked for a new password. Choose it here within 24 hours:',
        link,
        'If it was not you, do nothing: the old password stays.',
      ].join('\n\n'),
    });
  };
}

/** Without an SMTP server the link goes to the log. For a lab: whoever reads the log can take the account. */
export function createLogMailer(log: Log): RecoveryMailer {
  return ({ email, link }) => {
    log.warn('ellis.recovery-link', { email, link });
    return Promise.resolve();
  };
}
