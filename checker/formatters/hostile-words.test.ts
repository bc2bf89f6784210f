import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { startSocketService } from '../fixtures/service.ts'
import { reportFormats } from './formats.ts'

const main = join(import.meta.dirname, '../main.ts')

/** CSI and OSC as C0 and as C1, a title, a bidirectional override, a line separator. */
const words = '\u001b[2J\u009b31m\u001b]0;owned\u0007\u009d52;c;eA==\u009c\u202e\u2066\u2028ok\u007f'
const forbidden = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** Sends these words wherever a service can: as status, redirect location, content encoding, version and time. */
function talk(head: (words: string) => string) {
  return (socket: Socket) => {
    socket.on('data', () => {
      socket.write(
        Buffer.from(`HTTP/1.1 ${head(words)}\r\ncontent-length: ${Buffer.byteLength(words)}\r\n\r\n${words}`),
      )
    })
  }
}

async function checked(words: readonly string[]) {
  const child = spawn(process.execPath, [main, '--samples', '1', '--ntp', 'none', '--timeout', '60s', ...words])
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr }
}

t.test('no output contains control characters sent by a service', async (t) => {
  const heads = [
    (said: string) => `500 ${said}`,
    (said: string) => `302 Found\r\nlocation: http://127.0.0.1/${said}`,
    (said: string) => `200 OK\r\ncontent-encoding: ${said}`,
    () => '200 OK',
  ]
  const urls = await Promise.all(heads.map((head) => startSocketService(t, talk(head))))
  const folder = t.testdir()
  const files = ['output', 'badge', 'page', 'history-file'].map((name) => [`--${name}`, join(folder, name)])
  const told = await Promise.all([
    ...reportFormats.map((format) => checked([...urls, '--format', format, '--expect-version', '1.0.0'])),
    checked([...urls, ...files.flat()]),
  ])
  for (const [index, { stdout, stderr }] of told.entries()) {
    t.notMatch(stdout, forbidden, reportFormats[index] ?? 'files')
    t.notMatch(stderr, forbidden)
    t.match(stdout, /127\.0\.0\.1/)
  }
  for (const name of ['output', 'badge', 'page']) t.notMatch(readFileSync(join(folder, name), 'utf8'), forbidden, name)
  // Lossless: a program reads back what was sent.
  t.match(told[0]?.stdout, '\\u009b31m')
  t.match(
    JSON.parse(told[1]?.stdout ?? '')
      .targets.flatMap((target: { reasons: string[] }) => target.reasons)
      .join(),
    '\u009b31m',
  )
  const { stdout } = await checked(['--history', '--history-file', join(folder, 'history-file')])
  t.notMatch(stdout, forbidden, 'history')
})

t.test("the exporter's response contains no control characters sent by a service", async (t) => {
  const url = await startSocketService(
    t,
    talk(() => '200 OK'),
  )
  const child = spawn(process.execPath, [main, '--serve', '127.0.0.1:0', '--ntp', 'none', '--expect-version', '1.0.0'])
  t.teardown(() => child.kill())
  const [line] = await once(createInterface(child.stderr), 'line')
  const exporter = /http:\S+(?=\/metrics)/.exec(String(line))?.[0]
  const answer = await (await fetch(`${exporter}/probe?target=${encodeURIComponent(url)}`)).text()
  t.match(answer, 'version_info')
  t.notMatch(answer, forbidden)
})

t.test('a usage message contains no control characters from the command line', async (t) => {
  const { stdout, stderr } = await checked([`--${words}`, `http://127.0.0.1:1/${words}`, '--format', 'nagios'])
  t.match(stdout, /^CHECK UNKNOWN/)
  t.notMatch(stdout + stderr, forbidden)
})
