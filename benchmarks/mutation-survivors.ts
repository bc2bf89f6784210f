/** Why a change that no test notices is acceptable. `in` is a part of its line, when the change alone does not identify it. */
export const explanations: readonly {
  readonly module: string
  readonly code: string
  readonly becomes: string
  readonly in?: string
  readonly because: string
}[] = [
  {
    module: 'checkpoint',
    code: 'canaries === 0',
    becomes: 'false',
    because:
      'equivalent: without canaries and new instances, all of them are ready, vacuously, and the minimum of no times is infinite, so there is no gate either',
  },
  {
    module: 'failure-policy',
    code: 'readiness.get(instance.id)?.wrongRelease',
    becomes: 'readiness.get(instance.id).wrongRelease',
    because: 'equivalent: a zone is lost only after an observation, and an observation covers every instance',
  },
  {
    module: 'failure-policy',
    code: 'canary === 0',
    becomes: 'false',
    because:
      'equivalent: this is evaluated only for a new instance, so there is at least one, which exceeds a canary of 0',
  },
  {
    module: 'failure-policy',
    code: 'zone.serving += 1',
    becomes: 'zone.serving -= 1',
    because: 'equivalent: the number is only compared with 0, and never returns to 0',
  },
]
