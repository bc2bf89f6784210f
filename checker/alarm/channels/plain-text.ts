/** One line, without control characters, at most 500 characters. */
export function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ').trim()
  return line.length <= 500 ? line : `${[...line.slice(0, 499)].join('').replace(/[\ud800-\udbff]$/, '')}…`
}
