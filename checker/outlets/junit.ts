import type { CheckReport, TargetReport } from '../verdict/report.ts'
import { describeFacts, targetName } from '../verdict/summary.ts'
import { escapeXml } from './xml.ts'

/** JUnit's XML: critical is a failure, unknown an error; a warning passes with its reasons as output. */
export function renderJunit({ targets }: CheckReport): string {
  const count = (verdict: string) => targets.filter((target) => target.verdict === verdict).length
  const totals = `tests="${targets.length}" failures="${count('critical')}" errors="${count('unknown')}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="bakeroll check" ${totals}>`,
    ...targets.map(testCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase(target: TargetReport): string {
  const time = ((target.latencyMs ?? 0) / 1000).toFixed(4)
  const open = `    <testcase classname="bakeroll.check" name="${escapeXml(targetName(target))}" time="${time}">`
  const facts = [describeFacts(target), ...target.reasons].filter((line) => line !== '').join('\n')
  const inner = [...problem(target), `<system-out>${escapeXml(facts)}</system-out>`]
  return [open, ...inner.map((line) => `      ${line}`), '    </testcase>'].join('\n')
}

function problem({ verdict, reasons }: TargetReport): string[] {
  const message = `message="${escapeXml(reasons[0] ?? verdict)}" type="${verdict}"`
  if (verdict === 'critical') return [`<failure ${message}/>`]
  return verdict === 'unknown' ? [`<error ${message}/>`] : []
}
