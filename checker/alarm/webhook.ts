import { DeliveryError } from './delivery-error.ts'
import { post } from './http-post.ts'
import { type Message, noticeFacts } from './notice-text.ts'
import type { Notice } from './state.ts'

/** Posts one notice as JSON, or as the template renders it; the receiver tells repeated deliveries by `Idempotency-Key`. */
export async function sendToWebhook(
  url: string,
  templateFile: string | undefined,
  { key, notices }: Message,
  signal: AbortSignal,
): Promise<void> {
  for (const notice of notices) {
    const body =
      templateFile === undefined ? JSON.stringify(noticeFacts(notice)) : await renderBody(templateFile, notice)
    await post(url, body, { 'content-type': contentType(body), 'idempotency-key': key }, signal)
  }
}

async function renderBody(templateFile: string, notice: Notice): Promise<string> {
  const [{ readFileSync }, { renderTemplate }] = await Promise.all([import('node:fs'), import('./template.ts')])
  try {
    return renderTemplate(readFileSync(templateFile, 'utf8'), notice)
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
