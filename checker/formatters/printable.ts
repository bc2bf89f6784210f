/**
 * Characters that control a terminal or mislead its reader: control characters (C0, DEL, C1) except line feed and tab,
 * bidirectional controls, Unicode line breaks, and lone surrogates. Listed by code: classes such as \p{Cc} cost every process 2
 * ms.
 */
const unprintable = /[^\n\t -~\u00a0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\u{10ffff}]/gu

/**
 * Makes text from elsewhere safe to show: writes unprintable characters as `\u001b`. In JSON that is the escape of the same
 * character, so the meaning is unchanged.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, escaped)
}

/** The same on one line, with line breaks and tabs as spaces. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s+/g, ' '))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
