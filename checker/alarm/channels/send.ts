import type { Message } from '../notice-text.ts'
import type { Channel } from './channel-target.ts'

/** Delivers one message to one channel, loading its code on demand; throws a `DeliveryError`. */
export async function send(
  channel: Channel,
  message: Message,
  template: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  switch (channel.kind) {
    case 'webhook':
      return (await import('./webhook.ts')).sendToWebhook(channel.url, template, message, signal)
    case 'slack':
      return (await import('./slack.ts')).sendToSlack(channel.url, message, signal)
    case 'mail':
      return (await import('./mail.ts')).sendBySendmail(channel, message, signal)
    case 'smtp':
      return (await import('./mail.ts')).sendBySmtp(channel, channel.server, message, signal)
    case 'sns':
      return (await import('./sns.ts')).sendToSns(channel.topic, channel.region, message, signal)
    case 'command':
      return (await import('./command.ts')).sendToCommand(channel.command, message, signal)
  }
}
