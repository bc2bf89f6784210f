import { hostname } from 'node:os'
import type { CheckReport, TargetReport } from '../verdict/report.ts'
import { describeFacts, targetName } from '../verdict/summary.ts'
import { escapeXml } from './xml.ts'

/**
 * JUnit XML that is valid for both Ant's and Jenkins' schema: critical is a failure, unknown an error; a warning passes, with its
 * reasons in the output.
 */
export function renderJunit({ targets, verdict }: CheckReport, now = new Date()): string {
  const count = (of: string) => targets.filter((target) => target.verdict === of).length
  const seconds = targets.reduce((sum, target) => sum + secondsOf(target), 0)
  const suite = {
    name: 'bakeroll check',
    package: 'bakeroll.check',
    id: 0,
    // The schema does not allow a time zone.
    timestamp: now.toISOString().slice(0, 19),
    hostname: hostname() || 'localhost',
    tests: targets.length,
    failures: count('critical'),
    errors: count('unknown'),
    time: seconds.toFixed(4),
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite ${attributes(suite)}>`,
    `    <properties><property ${attributes({ name: 'verdict', value: verdict })}/></properties>`,
    ...targets.map((target) => `    ${testCase(target)}`),
    `    <system-out>${escapeXml(targets.map(outputOf).join('\n'))}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase(target: TargetReport): string {
  const { verdict, reasons } = target
  const name = targetName(target)
  const open = `<testcase ${attributes({ classname: 'bakeroll.check', name, time: secondsOf(target).toFixed(4) })}`
  if (verdict === 'ok' || verdict === 'warning') return `${open}/>`
  const element = verdict === 'critical' ? 'failure' : 'error'
  const said = attributes({ message: reasons[0] ?? verdict, type: verdict })
  return `${open}><${element} ${said}>${escapeXml(linesOf(target).join('\n'))}</${element}></testcase>`
}

function outputOf(target: TargetReport): string {
  return [`${targetName(target)}: ${target.verdict}`, ...linesOf(target).map((line) => `  ${line}`)].join('\n')
}

function linesOf(target: TargetReport): string[] {
  return [describeFacts(target), ...target.reasons].filter((line) => line !== '')
}

function secondsOf({ latencyMs = 0 }: TargetReport): number {
  return latencyMs / 1000
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ')
}
