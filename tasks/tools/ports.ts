import { createServer } from 'node:net'

/** Why nothing of ours could listen there: `EADDRINUSE`, `EACCES`, ...; undefined when it could. */
export function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** The first port from `first` on that a program could listen on; undefined when none of a hundred is one. */
export async function freePortFrom(host: string, first: number): Promise<number | undefined> {
  for (let port = first; port < first + 100 && port <= 65_535; port++) {
    if ((await listenProblem(host, port)) === undefined) return port
  }
  return undefined
}

/** A port of 127.0.0.1 that nobody listens to now. */
export function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
