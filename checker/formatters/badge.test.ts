import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { CheckReport, Verdict } from '../verdict/report.ts'
import { renderBadge, writeBadge } from './badge.ts'

const report = (verdict: Verdict, summary = 'all well'): CheckReport => ({
  ok: verdict === 'ok',
  verdict,
  summary,
  targets: [],
})

t.test('shows each verdict with its own text and colour, in the picture and its title', async (t) => {
  const grounds = new Set<string | undefined>()
  for (const verdict of ['ok', 'warning', 'critical', 'unknown'] as const) {
    const svg = renderBadge(report(verdict))
    t.match(svg, `<title id="t">check: ${verdict}; all well</title>`)
    t.match(svg, new RegExp(`>check</text><text [^>]*>${verdict}</text>`))
    t.match(svg, 'role="img" aria-labelledby="t"')
    grounds.add(/height="20" fill="(#\w+)"\/><\/g>/.exec(svg)?.[1])
  }
  t.equal(grounds.size, 4)
})

t.test('escapes text from outside', async (t) => {
  const svg = renderBadge(report('critical', '</title><script>alert("1")</script>\u0001&'))
  t.match(svg, '&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;</title>')
})

t.test('replaces the file and leaves no other', async (t) => {
  const folder = t.testdir({ 'badge.svg': 'old' })
  writeBadge(join(folder, 'badge.svg'), report('ok'))
  t.equal(readFileSync(join(folder, 'badge.svg'), 'utf8'), renderBadge(report('ok')))
  t.strictSame(readdirSync(folder), ['badge.svg'])
})
