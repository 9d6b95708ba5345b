import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createSmtpMailer } from './recovery-mail.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An SMTP server (RFC 5321) that takes one mail after another, or refuses recipients; what clients said is in `said`. */
async function openSmtp(rcptReply: string): Promise<{ readonly port: number; readonly said: string[] }> {
  const said: string[] = [];
  const server = createServer((socket: Socket) => {
    let isData = false;
    socket.setEncoding('utf8').write('220 test\r\n');
    socket.on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        said.push(line);
        if (isData && line !== '.') continue;
        isData = line.startsWith('DATA');
        const isRecipient = line.startsWith('RCPT');
        socket.write(isData ? '354 go on\r\n' : isRecipient ? `${rcptReply}\r\n` : '250 ok\r\n');
        if (line === 'QUIT') socket.end();
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, said };
}

const SMTP = { host: '127.0.0.1', tls: false, user: '', password: '', sender: 'clearwater@example.com' };
const MAIL = {
  email: 'alice@example.org',
  fullName: 'Alice',
  link: 'http://ellis.example.com/recover?email=alice%40example.org&token=abc',
};

test('the mail goes from the configured sender to the account and holds the link', async () => {
  const { port, said } = await openSmtp('250 ok');
  await createSmtpMailer({ ...SMTP, port })(MAIL);
  expect(said).toEqual(
    expect.arrayContaining([
      'MAIL FROM:<clearwater@example.com>',
      'RCPT TO:<alice@example.org>',
      expect.stringMatching(/^Subject: /),
    ]),
  );
  const body = said.join('\n').replaceAll('=\n', '').replaceAll('=3D', '=');
  expect(body).toContain(MAIL.link);
});

test('a mail the server does not take rejects', async () => {
  const { port } = await openSmtp('550 no such user');
  await expect(createSmtpMailer({ ...SMTP, port })(MAIL)).rejects.toThrow('550');
});
