import { createReadStream, globSync, lstatSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'

/** Reads every process' command line, ten times a second; `stop` gives those that had the mark. */
export function watchCommandLines(mark: string): { stop(): Promise<string[]> } {
  const seen = new Set<string>()
  const stop = new AbortController()
  const watching = watch()
  return {
    async stop() {
      stop.abort()
      await watching
      return [...seen]
    },
  }

  async function watch() {
    while (!stop.signal.aborted) {
      for (const file of globSync('/proc/[0-9]*/cmdline')) {
        const line = contentOf(file)
        if (line.includes(mark)) seen.add(line.replaceAll('\0', ' '))
      }
      await sleep(100, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

/**
 * The files below a folder that have the mark, by their path in it, not by links; of a disk image it is the content that
 * counts.
 */
export async function filesWith(mark: string, folder: string, except: RegExp): Promise<string[]> {
  const found: string[] = []
  const root = realpathSync(folder)
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(folder, name)
    const isItself = lstatSync(file).isFile() && realpathSync(file) === join(root, name)
    if (isItself && !except.test(file) && (await hasMark(mark, file))) found.push(relative(folder, file))
  }
  return found
}

async function hasMark(mark: string, file: string): Promise<boolean> {
  if (!file.endsWith('.qcow2')) return bytesHave(mark, file)
  const raw = `${file}.raw`
  try {
    await execa('qemu-img', ['convert', '-U', '-O', 'raw', file, raw])
    return await bytesHave(mark, raw)
  } finally {
    rmSync(raw, { force: true })
  }
}

async function bytesHave(mark: string, file: string): Promise<boolean> {
  let end = ''
  for await (const piece of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text = end + piece
    if (text.includes(mark)) return true
    end = text.slice(-mark.length)
  }
  return false
}
