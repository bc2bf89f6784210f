/** Why a change that no test notices may live. `in` is a part of its line, where the change alone is not enough to tell it. */
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
      'equivalent: without canaries and without new instances all none of them are ready, and the least of no times is endless, so there is no gate either',
  },
  {
    module: 'failure-policy',
    code: 'readiness.get(instance.id)?.wrongRelease',
    becomes: 'readiness.get(instance.id).wrongRelease',
    because: 'equivalent: a zone is lost only by what was seen, and one look sees every instance',
  },
  {
    module: 'failure-policy',
    code: 'canary === 0',
    becomes: 'false',
    because:
      'equivalent: it is asked about a new instance only, so there is at least one, and one is more than a canary of none',
  },
  {
    module: 'failure-policy',
    code: 'zone.serving += 1',
    becomes: 'zone.serving -= 1',
    because: 'equivalent: the number is only compared with none at all, and it never comes back to that',
  },
]
