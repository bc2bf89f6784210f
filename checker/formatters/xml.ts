import { printable } from './printable.ts'

/** Escapes text for XML, makes it printable, and drops control characters that XML 1.0 cannot represent. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
  return printable(text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')).replace(
    /[&<>"']/g,
    (character) => entities[character] ?? character,
  )
}
