import type { CheckReport } from '../verdict/report.ts'
import { describeFacts, targetName } from '../verdict/summary.ts'
import { printable, printableLine } from './printable.ts'

/** The summary for people, followed by each target's results, unless the summary says it all. */
export function renderText({ verdict, summary, targets }: CheckReport): string {
  const isSaid = targets.length <= 1 && targets.every(({ reasons }) => reasons.length <= 1)
  const said = printableLine(summary)
  const lines = [isSaid && verdict === 'ok' ? said : `${verdict}: ${said}`]
  for (const target of targets.length > 1 || verdict !== 'ok' || !isSaid ? targets : []) {
    lines.push(`  ${target.verdict.padEnd(8)}  ${targetName(target)}  ${describeFacts(target)}`.trimEnd())
    for (const reason of target.reasons) lines.push(`            ${printableLine(reason)}`)
  }
  return printable(`${lines.join('\n')}\n`)
}
