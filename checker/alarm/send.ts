import type { Message } from './notice-text.ts'
import type { Outlet } from './outlet-target.ts'

/** Delivers one message to one outlet, whose code is loaded only now; throws a `DeliveryError` when it was not taken. */
export async function send(
  outlet: Outlet,
  message: Message,
  template: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  switch (outlet.kind) {
    case 'webhook':
      return (await import('./webhook.ts')).sendToWebhook(outlet.url, template, message, signal)
    case 'slack':
      return (await import('./slack.ts')).sendToSlack(outlet.url, message, signal)
    case 'mail':
      return (await import('./mail.ts')).sendBySendmail(outlet, message, signal)
    case 'smtp':
      return (await import('./mail.ts')).sendBySmtp(outlet, outlet.server, message, signal)
    case 'sns':
      return (await import('./sns.ts')).sendToSns(outlet.topic, outlet.region, message, signal)
    case 'command':
      return (await import('./command.ts')).sendToCommand(outlet.command, message, signal)
  }
}
