import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { printable, printableLine } from './printable.ts'

/** Code point by code point, as the standards name them, so that the pattern is not tested against itself. */
function isForbidden(code: number): boolean {
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f)
  const isBidi =
    [0x61c, 0x200e, 0x200f].includes(code) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  return (
    (isControl && code !== 0x0a && code !== 0x09) ||
    isBidi ||
    code === 0x2028 ||
    code === 0x2029 ||
    (code >= 0xd800 && code <= 0xdfff)
  )
}

/** Any text; every other character is a control character. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc
      .integer({ min: 0, max: 0x10ffff })
      .filter(isForbidden)
      .map((code) => String.fromCodePoint(code)),
    fc.constantFrom('\r', '\n', '\r\n', '\t', '\u001b[2J', '\u009b31m', '\u001b]0;owned\u0007', '\ud83d'),
  ),
})

t.test('leaves no forbidden code point in any text', (t) => {
  const isClean = (text: string) => ![...text].some((character) => isForbidden(character.codePointAt(0) ?? 0))
  const property = fc.property(hostile, (text) => isClean(printable(text)) && !/[\n\t]/.test(printableLine(text)))
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2000 }))
  t.end()
})

t.test('escapes exactly the forbidden code points of the Basic Multilingual Plane', (t) => {
  const wrong: string[] = []
  for (let code = 0; code <= 0xffff; code++) {
    const shown = printable(String.fromCharCode(code))
    const right = isForbidden(code) ? `\\u${code.toString(16).padStart(4, '0')}` : String.fromCharCode(code)
    if (shown !== right) wrong.push(code.toString(16))
  }
  t.same(wrong, [])
  t.end()
})

t.test('a JSON document parses to the same value', (t) => {
  const property = fc.property(hostile, fc.constantFrom(undefined, 2), (text, indent) => {
    const document = { [text]: text, list: [text] }
    assert.deepEqual(JSON.parse(printable(JSON.stringify(document, null, indent))), document)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }))
  t.end()
})

t.test('keeps letters of all scripts, emoji and line breaks', (t) => {
  t.equal(printable('Zürich\t時刻 שעה 👩‍🔧\r\nnext\n'), 'Zürich\t時刻 שעה 👩‍🔧\nnext\n')
  t.equal(printable('\u001b]52;c;Y3Vyb\u0007'), '\\u001b]52;c;Y3Vyb\\u0007')
  t.equal(printableLine('a\r\n b\tc\u2028d'), 'a b c d')
  t.end()
})
