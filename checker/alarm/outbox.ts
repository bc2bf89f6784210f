import { createHash } from 'node:crypto'
import type { Outlet } from './outlet-target.ts'
import type { Notice, Outgoing } from './state.ts'

/** People get what one check found in one message; a program gets each notice by itself. */
const takesTogether: Record<Outlet['kind'], boolean> = {
  webhook: false,
  command: false,
  slack: true,
  mail: true,
  smtp: true,
  sns: true,
}

/** What is to be delivered of the notices of one check, each with its key: of the notice and the outlet, and of nothing else. */
export function enqueue(notices: readonly Notice[], outlets: readonly Outlet[], nowMs: number): Outgoing[] {
  if (notices.length === 0) return []
  return outlets.flatMap(({ id, name, kind }) =>
    (takesTogether[kind] ? [notices] : notices.map((notice) => [notice])).map((together) => ({
      key: keyOf(together, id),
      outlet: id,
      outletName: name,
      notices: together,
      queuedMs: nowMs,
    })),
  )
}

function keyOf(notices: readonly Notice[], outletId: string): string {
  const hash = createHash('sha256').update(JSON.stringify([outletId, ...notices.map(({ id }) => id)]))
  return hash.digest('hex').slice(0, 32)
}
