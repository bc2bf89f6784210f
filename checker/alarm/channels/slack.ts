import { type Message, messageText } from '../notice-text.ts'
import { post } from './http-post.ts'

/** Posts to a Slack incoming webhook (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). */
export async function sendToSlack(url: string, message: Message, signal: AbortSignal): Promise<void> {
  // The characters that Slack interprets, docs.slack.dev/messaging/formatting-message-text.
  const text = messageText(message).replace(
    /[&<>]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? '',
  )
  const headers = { 'content-type': 'application/json', 'idempotency-key': message.key }
  await post(url, JSON.stringify({ text }), headers, signal)
}
