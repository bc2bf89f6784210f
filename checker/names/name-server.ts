import { Resolver } from 'node:dns/promises'
import { fromResolver, LookUpError } from './look-up-error.ts'

/**
 * This computer's name servers, asked by c-ares on the event loop, so that none holds up another name or the end of the process.
 */
export interface NameServers {
  /** All addresses of a fully qualified name, IPv4 before IPv6. Throws `LookUpError`. */
  addressesOf(name: string, family?: 4 | 6): Promise<string[]>
}

type Ask = (resolver: Resolver) => Promise<string[]>

const longestTryMs = 2000
const shortestTryMs = 50
/** UDP may lose a packet. */
const rounds = 3

/** Asks every server once within the first half of the time until `endMs`, however many do not answer. */
export function openNameServers(endMs: number): NameServers {
  const servers = new Resolver().getServers()
  const tryMs = (endMs - performance.now()) / 2 / Math.max(1, servers.length)
  const patienceMs = Math.round(Math.min(longestTryMs, Math.max(shortestTryMs, tryMs)))
  const resolvers = Array.from({ length: rounds }, () => servers.map((server) => openResolver(server, endMs))).flat()
  const ask = (name: string, by: Ask) =>
    inTurn(
      resolvers.map(({ server, together, alone }) => ({
        server,
        async ask() {
          const asked = together(by).catch((error) => (error.code === 'EBADRESP' ? alone(by) : Promise.reject(error)))
          const found = await asked.catch((error) => Promise.reject(fromResolver(error, name)))
          // For c-ares, an alias (CNAME) of a name without addresses is not an error.
          if (found.length === 0) throw new LookUpError('ENODATA', name)
          return found
        },
      })),
      patienceMs,
    )
  return {
    async addressesOf(name, family) {
      const asked = [
        ...(family === 6 ? [] : [ask(name, (resolver) => resolver.resolve4(name))]),
        ...(family === 4 ? [] : [ask(name, (resolver) => resolver.resolve6(name))]),
      ]
      const results = await bothOrOne(asked, endMs)
      const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      if (found.length > 0) return found
      const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as LookUpError] : []))
      // A missing IPv6 address says nothing about IPv4 addresses that nobody reported.
      throw (
        errors.find(({ isFinal }) => !isFinal) ??
        errors.find(({ code }) => code === 'ENODATA') ??
        errors[0] ??
        new LookUpError('EAI_AGAIN', name)
      )
    },
  }
}

/**
 * One server, asked for all names `together` or for one `alone`: a malformed answer ends all requests on the same socket. Each
 * question is sent once and waits until the end: c-ares forgets a question when it repeats it, so a slow server would never be
 * heard. Once one name has been answered, later names get a new resolver: c-ares would wait for them only five times as long as
 * the first took.
 */
function openResolver(server: string, endMs: number) {
  const open = () => {
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()))
    const resolver = new Resolver({ timeout: leftMs, tries: 1 })
    resolver.setServers([server])
    setTimeout(() => resolver.cancel(), leftMs).unref()
    return resolver
  }
  let kept: Resolver | undefined
  const together: Asker = (by) => {
    kept ??= open()
    const resolver = kept
    return by(resolver).finally(() => {
      if (kept === resolver) kept = undefined
    })
  }
  const alone: Asker = (by) => by(open())
  return { server, together, alone }
}

type Asker = (by: Ask) => Promise<string[]>

interface Question {
  readonly server: string
  ask(): Promise<string[]>
}

/**
 * The first server's answer: each question is sent when the one before has failed or been unanswered for a while, and none is
 * abandoned for the next; a server that failed is not asked again. Not left to c-ares, which Node configures to take one server's
 * failure for that of all.
 */
function inTurn(questions: readonly Question[], patienceMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const failures = new Map<string, LookUpError>()
    const waiting = [...questions]
    const isOver = () => questions.every(({ server }) => failures.has(server))
    const next = () => {
      const question = waiting.shift()
      if (question === undefined) return
      const { server } = question
      if (failures.has(server)) return next()
      const timer = setTimeout(next, patienceMs).unref()
      question.ask().then(resolve, (error: LookUpError) => {
        clearTimeout(timer)
        failures.set(server, error)
        if (error.isFinal) reject(error)
        else if (isOver()) reject([...failures.values()].find(({ code }) => code === 'EAI_FAIL') ?? error)
        else next()
      })
    }
    next()
    if (questions.length === 0) reject(new LookUpError('EAI_AGAIN', 'a name without name servers'))
  })
}

/** Some servers never answer for one family: once there are addresses of the other, it gets half of the time left. */
async function bothOrOne(asked: readonly Promise<string[]>[], endMs: number) {
  const results: PromiseSettledResult<string[]>[] = []
  const all = Promise.all(
    asked.map((one) =>
      one.then(
        (value) => results.push({ status: 'fulfilled', value }),
        (reason: unknown) => results.push({ status: 'rejected', reason }),
      ),
    ),
  )
  const patience = () => new Promise((resolve) => setTimeout(resolve, (endMs - performance.now()) / 2).unref())
  await Promise.race([all, Promise.any(asked).then(patience, () => all)])
  return results
}
