import { type Message, noticeFacts } from '../notice-text.ts'
import type { Notice } from '../state.ts'
import { DeliveryError } from './delivery-error.ts'
import { post } from './http-post.ts'

/** Posts each notice as JSON, or as the template renders it; receivers recognise repeated deliveries by `Idempotency-Key`. */
export async function sendToWebhook(
  url: string,
  template: string | undefined,
  { key, notices }: Message,
  signal: AbortSignal,
): Promise<void> {
  for (const notice of notices) {
    const body = template === undefined ? JSON.stringify(noticeFacts(notice)) : await renderBody(template, notice)
    await post(url, body, { 'content-type': contentType(body), 'idempotency-key': key }, signal)
  }
}

async function renderBody(template: string, notice: Notice): Promise<string> {
  const { renderTemplate } = await import('../template.ts')
  try {
    return renderTemplate(template, notice)
  } catch (error) {
    throw new DeliveryError(`the template: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function contentType(body: string): string {
  try {
    JSON.parse(body)
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}
