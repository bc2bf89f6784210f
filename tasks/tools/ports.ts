import { createServer } from 'node:net'

/** Why the port cannot be listened on: `EADDRINUSE`, `EACCES`, ...; undefined when it can. */
export function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** The first free port from `first` on; undefined when none of a hundred is free. */
export async function freePortFrom(host: string, first: number): Promise<number | undefined> {
  for (let port = first; port < first + 100 && port <= 65_535; port++) {
    if ((await listenProblem(host, port)) === undefined) return port
  }
  return undefined
}

/** A port of 127.0.0.1 that is free now. */
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
