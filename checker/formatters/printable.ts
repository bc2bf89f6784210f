/**
 * What steers a terminal or misleads its reader: control characters (C0, DEL, C1) but the line break and the tab, bidirectional
 * controls, the line breaks of Unicode, and surrogates without their other half. By their codes: classes such as \p{Cc} take
 * each process 2 ms.
 */
const unprintable = /[^\n\t -~\u00a0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\u{10ffff}]/gu

/**
 * A text that a machine or a service may have had a hand in, safe to be shown: what is unprintable is written as `\u001b`. In a JSON
 * document that is the escape of the same character, so it says what it said.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, escaped)
}

/** The same on one line: breaks and tabs are blanks. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s+/g, ' '))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
