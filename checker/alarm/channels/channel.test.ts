import t from 'tap'
import { problemOf } from '../../fixtures/options.ts'
import { parseChannel } from './channel.ts'
import type { Channel } from './channel-target.ts'

function channelOf(text: string): Channel {
  return parseChannel(text) as Channel
}

t.test('parses every kind of channel and keeps secrets out of its name', (t) => {
  const table: readonly [string, object][] = [
    ['https://user:secret@example.org/hook/secret?token=secret', { kind: 'webhook', name: 'webhook example.org' }],
    ['http://127.0.0.1:8080/x', { kind: 'webhook', url: 'http://127.0.0.1:8080/x', name: 'webhook 127.0.0.1:8080' }],
    [
      'slack:https://hooks.slack.com/services/T0/B0/secret',
      { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/secret', name: 'slack hooks.slack.com' },
    ],
    [
      'mail:ops@example.org, night+check@example.org?from=check@example.net',
      { kind: 'mail', to: ['ops@example.org', 'night+check@example.org'], from: 'check@example.net' },
    ],
    [
      'smtp://user%40x:sec%3Aret@mail.example.org?to=a@x.org,b+c@x.org&from=check@x.org',
      {
        kind: 'smtp',
        to: ['a@x.org', 'b+c@x.org'],
        from: 'check@x.org',
        name: 'mail through mail.example.org',
        server: {
          host: 'mail.example.org',
          port: 587,
          isSecure: false,
          login: { user: 'user@x', password: 'sec:ret' },
        },
      },
    ],
    ['smtp://[::1]:2525?to=a@x.org', { server: { host: '::1', port: 2525, isSecure: false, login: undefined } }],
    ['smtp://relay?to=a@x.org', { server: { port: 25 } }],
    ['smtps://relay?to=a@x.org', { server: { port: 465, isSecure: true } }],
    [
      'sns:arn:aws:sns:eu-central-1:123456789012:ops.fifo',
      { kind: 'sns', region: 'eu-central-1', name: 'sns ops.fifo' },
    ],
    ['command:/usr/local/bin/page --key secret', { kind: 'command', name: 'command /usr/local/bin/page' }],
    ['command:TOKEN=secret page', { kind: 'command', command: 'TOKEN=secret page', name: 'command' }],
  ]
  for (const [text, expected] of table) {
    const channel = channelOf(text)
    t.match(channel, expected, text)
    t.notMatch(`${channel.name} ${channel.id}`, /sec.?ret/)
    t.equal(problemOf(channel), undefined)
  }
  t.end()
})

t.test('a channel id survives a changed password but not a changed destination', (t) => {
  const id = (text: string) => channelOf(text).id
  t.equal(id('smtp://u:old@h?to=a@x.org'), id('smtp://u:new@h?to=a@x.org'))
  t.equal(id('https://u:old@h/x'), id('https://u:new@h/x'))
  t.not(id('https://h/x'), id('https://h/y'))
  t.not(id('slack:https://h/x'), id('https://h/x'))
  t.end()
})

t.test('names an invalid channel without its secrets', (t) => {
  const table: readonly [string, RegExp][] = [
    ['', /^expected a url .*, slack:https:.*, mail:ADDRESS, .* or command:COMMAND, got none of them$/],
    ['ops@example.org', /got none of them/],
    ['pagerduty:secret', /got pagerduty:\.\.\.$/],
    ['https://', /^https:\.\.\. is not a url$/],
    ['slack:secret', /^slack: expected the url of an incoming webhook/],
    ['slack:http://hooks.slack.com/secret', /^slack: expected https, got http:\/\/hooks\.slack\.com$/],
    ['mail:', /^mail: "" is not a mail address$/],
    ['mail:ops', /^mail: "ops" is not a mail address$/],
    ['mail:-oQ/tmp@x', /is not a mail address$/],
    ['mail:a@x.org\nBcc:b@x.org', /is not a mail address$/],
    ['mail:a@x.org?to=b@x.org', /^mail: unknown parameter to, expected from$/],
    ['smtp://u:secret@h', /^smtp:\/\/h: no recipient, expected \?to=ADDRESS$/],
    ['smtp://u@h?to=a@x.org', /^smtp:\/\/h: a user and a password belong together$/],
    ['smtp://u:%zz@h?to=a@x.org', /^smtp:\/\/h: user or password is not percent-encoded$/],
    ['smtp://h/secret?to=a@x.org', /^smtp:\/\/h: a path or fragment is not supported$/],
    ['smtp://h?to=a@x.org&form=b@x.org', /^smtp:\/\/h: unknown parameter form, expected from or to$/],
    ['smtp://h?to=a@x.org&from=b@x.org&from=c@x.org', /from is given twice$/],
    ['smtp:h', /^smtp: expected smtp:\/\/USER:PASSWORD@HOST:PORT\?to=ADDRESS/],
    ['sns:ops', /^sns: "ops" is not a topic, expected arn:aws:sns:REGION:ACCOUNT:NAME$/],
    ['command: ', /^command: is empty$/],
  ]
  for (const [text, expected] of table) {
    const problem = problemOf(parseChannel(text))
    t.match(problem, expected, text)
    t.notMatch(problem, /secret/)
  }
  t.end()
})
