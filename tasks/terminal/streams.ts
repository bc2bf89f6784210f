import { endProcess } from './end-process.ts'
import type { Outcome } from './outcome.ts'

/** Runs the program, writes its outcome and ends the process. A closed reader (EPIPE) is not a failure. */
export async function endWith(program: () => Promise<Outcome>): Promise<never> {
  let isClosed = false
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EIO' && stream.isTTY) {
        // The terminal was closed, and its SIGHUP did not arrive: `su` keeps it.
        if (!isClosed) process.emit('SIGHUP')
        isClosed = true
      } else if (error.code !== 'EPIPE') throw error
    })
  }
  const { stdout, stderr, exitCode } = await program()
  await written(process.stderr, stderr)
  await written(process.stdout, stdout)
  return endProcess(exitCode)
}

function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return text === '' ? Promise.resolve() : new Promise((resolve) => stream.write(text, () => resolve()))
}
