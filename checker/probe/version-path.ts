import { answerProblem, failureAt, refuse } from './answer-problem.ts'
import type { ProbeFacts } from './facts.ts'
import type { Route } from './route.ts'
import { joinPath } from './target.ts'
import type { Sampling } from './time-path.ts'

/** Requests the version once; never throws. */
export async function probeVersion(
  route: Route,
  url: URL,
  { settings, deadline }: Pick<Sampling, 'settings' | 'deadline'>,
): Promise<Pick<ProbeFacts, 'versionFound' | 'versionFailure'>> {
  const path = joinPath(url, settings.versionPath)
  try {
    const answer = await route.get(path, 'text/plain, */*;q=0.5')
    const problem = answerProblem(answer, settings)
    if (problem !== undefined) return { versionFailure: refuse(path, problem) }
    const text = answer.body.trim()
    if (!/^[\w.+~:@/-]{1,128}$/.test(text)) return { versionFailure: refuse(path, 'expected a version on one line') }
    return { versionFound: text }
  } catch (error) {
    return { versionFailure: failureAt(path, error, deadline, settings.timeoutMs) }
  }
}
