import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { startService, timeService } from '../fixtures/service.ts'
import { defaultOptions } from '../options/options.ts'
import type { CheckReport, TargetReport } from '../verdict/report.ts'
import { changeLines, screenLines, type WatchView, watch } from './watch.ts'
import { openWatchView, type WatchStreams } from './watch-view.ts'

const target = (verdict: TargetReport['verdict'], ...reasons: string[]): TargetReport => ({
  url: 'http://a.example',
  verdict,
  reasons,
})
const report = (...targets: TargetReport[]): CheckReport => ({
  ok: false,
  verdict: 'critical',
  summary: 'the summary',
  targets,
})

t.test('without a terminal: one line per change', (t) => {
  const lines = (before: CheckReport | undefined, now: CheckReport) => changeLines(before, now, 'NOW')
  const down = report(target('critical', 'HTTP 502', 'slow'))
  t.same(lines(undefined, down), ['NOW critical http://a.example: HTTP 502\n'])
  t.same(lines(down, report(target('critical', 'HTTP 503'))), [])
  t.same(lines(down, report(target('ok'))), ['NOW ok http://a.example\n'])
  t.same(lines(down, report()), ['NOW gone http://a.example\n'])
  t.same(lines(undefined, report()), ['NOW critical the summary\n'])
  t.end()
})

t.test('a screen is never wider or higher than the terminal', (t) => {
  const many = report(...Array.from({ length: 50 }, () => target('critical', 'x'.repeat(200))))
  const lines = screenLines(many, 'NOW', { columns: 40, rows: 10 })
  t.equal(lines.length, 8)
  t.equal(lines.at(-1), '... and 95 more lines')
  t.ok(lines.every((line) => line.length < 40))
  t.end()
})

/** A view that records its output, does not wait, and stops after so many checks. */
function scriptedView(checks: number, screen: WatchView['screen']) {
  const written: string[] = []
  const stop = new AbortController()
  let left = checks
  const view: WatchView = {
    screen,
    write: (text) => void written.push(text),
    warn: (line) => void written.push(line),
    nowMs: () => 0,
    signal: stop.signal,
    async sleep() {
      left -= 1
      if (left === 0) stop.abort()
    },
  }
  return { view, written }
}

async function watched(t: Test, screen: WatchView['screen']): Promise<{ written: string[]; exitCode: number }> {
  let asked = 0
  const url = await startService(t, (request, response) => {
    asked += 1
    if (asked > 2) response.writeHead(502).end()
    else timeService()(request, response)
  })
  const { view, written } = scriptedView(3, screen)
  const run = { targets: [{ url }], options: { ...defaultOptions(), samples: 1, ntp: 'none' } as const }
  const { exitCode, stdout } = await watch(run, 1000, view)
  t.equal(stdout, '')
  return { written, exitCode }
}

t.test('a watch prints changes and ends with the last verdict', async (t) => {
  const { written, exitCode } = await watched(t, undefined)
  t.equal(exitCode, 2)
  t.match(written, [
    /^1970-01-01T00:00:00.000Z ok http:\/\/127\.0\.0\.1:\d+\n$/,
    /^1970-01-01T00:00:00.000Z critical http:\/\/127\.0\.0\.1:\d+: GET \/now: HTTP 502\n$/,
    /^$/,
  ])
})

t.test('on a terminal, redraws in place', async (t) => {
  const { written } = await watched(t, () => ({ columns: 200, rows: 20 }))
  t.ok(written[0]?.startsWith('\u001B[J1970-01-01T00:00:00.000Z  q quits\nhttp:'))
  t.ok(written[1]?.startsWith('\u001B[2A\r\u001B[J'))
  t.ok(written[2]?.startsWith('\u001B[4A\r\u001B[J'))
})

t.test('q and Ctrl-C end it and restore the terminal', async (t) => {
  const listeners = process.listenerCount('SIGTERM')
  for (const key of ['q', '\u0003']) {
    const modes: boolean[] = []
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => void modes.push(on) })
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 0, rows: 0 })
    const view = openWatchView({ stdin, stdout, warn: () => {} } as unknown as WatchStreams)
    const slept = view.sleep(3_600_000)
    stdin.write('x')
    stdin.write(key)
    await slept
    t.equal(view.signal.aborted, true)
    t.same(view.screen?.(), { columns: 80, rows: 24 })
    view.close()
    t.same(modes, [true, false])
    t.equal(process.listenerCount('SIGTERM'), listeners)
  }
})
