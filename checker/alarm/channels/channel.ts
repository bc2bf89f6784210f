import { createHash } from 'node:crypto'
import { type Wrong, wrong } from '../../settings/kinds.ts'
import { type Channel, type ChannelTarget, isLoopback } from './channel-target.ts'
import { readMail, readSmtp } from './mail-target.ts'

/** Parses `--notify`; problems contain no secrets. */
export function parseChannel(text: string): Channel | Wrong {
  const target = readTarget(text.trim())
  if (typeof target === 'string') return wrong(target)
  const id = createHash('sha256')
    .update(JSON.stringify(withoutPassword(target)))
    .digest('hex')
    .slice(0, 12)
  return { ...target, id, name: nameOf(target) }
}

const forms = 'a url (https://...), slack:https://..., mail:ADDRESS, smtp://HOST?to=ADDRESS, sns:ARN or command:COMMAND'

function readTarget(text: string): ChannelTarget | string {
  const scheme = /^[a-z]+(?=:)/i.exec(text)?.[0].toLowerCase() ?? ''
  const rest = text.slice(scheme.length + 1)
  switch (scheme) {
    case 'http':
    case 'https':
      return readUrl(text, (url) => ({ kind: 'webhook', url }))
    case 'slack':
      return readSlack(rest)
    case 'mail':
      return readMail(rest)
    case 'smtp':
    case 'smtps':
      return readSmtp(text)
    case 'sns':
      return readSns(rest)
    case 'command':
      return rest.trim() === '' ? 'command: is empty' : { kind: 'command', command: rest }
    default:
      // The text may contain a secret.
      return `expected ${forms}, got ${scheme === '' ? 'none of them' : `${scheme}:...`}`
  }
}

function readUrl(text: string, make: (url: string) => ChannelTarget): ChannelTarget | string {
  return URL.canParse(text) ? make(new URL(text).href) : `${text.slice(0, text.indexOf(':'))}:... is not a url`
}

function readSlack(text: string): ChannelTarget | string {
  if (!URL.canParse(text)) return 'slack: expected the url of an incoming webhook, slack:https://hooks.slack.com/...'
  const url = new URL(text)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  return isSafe ? { kind: 'slack', url: url.href } : `slack: expected https, got ${url.protocol}//${url.host}`
}

function readSns(text: string): ChannelTarget | string {
  const [, region] = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/.exec(text) ?? []
  if (region !== undefined) return { kind: 'sns', topic: text, region }
  return `sns: ${JSON.stringify(text)} is not a topic, expected arn:aws:sns:REGION:ACCOUNT:NAME`
}

function withoutPassword(target: ChannelTarget): ChannelTarget {
  if (target.kind === 'smtp' && target.server.login !== undefined) {
    const { user } = target.server.login
    return { ...target, server: { ...target.server, login: { user, password: '' } } }
  }
  if (target.kind !== 'webhook') return target
  const url = new URL(target.url)
  url.password = ''
  return { ...target, url: url.href }
}

function nameOf(target: ChannelTarget): string {
  switch (target.kind) {
    case 'webhook':
      return `webhook ${new URL(target.url).host}`
    case 'slack':
      return `slack ${new URL(target.url).host}`
    case 'mail':
      return `mail to ${target.to.join(', ')}`
    case 'smtp':
      return `mail through ${target.server.host}`
    case 'sns':
      return `sns ${target.topic.split(':').at(-1)}`
    case 'command':
      // A command may start with a secret: TOKEN=... notify.
      return `command ${/^[\w./-]+(?=\s|$)/.exec(target.command.trim())?.[0] ?? ''}`.trimEnd()
  }
}
