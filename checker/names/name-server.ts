import { Resolver } from 'node:dns/promises'
import { fromResolver, LookUpError } from './look-up-error.ts'

/** The name servers of this computer, asked by c-ares: on the event loop, so that none holds up another name or the end of the process. */
export interface NameServers {
  /** Every address of one whole name, IPv4 before IPv6. Throws `LookUpError`. */
  addressesOf(name: string, family?: 4 | 6): Promise<string[]>
}

type Ask = (resolver: Resolver) => Promise<string[]>

const longestTryMs = 2000
const shortestTryMs = 50
/** A packet may be lost. */
const rounds = 3

/** All servers are asked once within the first half of the time until `endMs`, however many do not answer. */
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
          // To c-ares an alias (CNAME) of a name without addresses is no error.
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
      // That there is no IPv6 address says nothing of the IPv4 addresses that nobody told.
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
 * One server, asked by all names together, or by one alone: bytes that are no answer end all that is asked over the same socket.
 * Each question is put once, and waits until the end: c-ares forgets it when it asks again, and a slow server would never be
 * heard. Nor are two names asked together of which one has been answered: c-ares would be patient with the second for five times
 * what the first took.
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
 * The answer of the first server that has one: each question is put when the one before has failed, or been unanswered for a while,
 * and none is given up for the next; a server that failed is asked no more. Not left to c-ares, which Node tells to take the
 * failure of one server for that of all.
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

/** Some servers answer for one family and never for the other: the addresses of one wait for half of the time that is left. */
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
