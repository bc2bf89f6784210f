import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * The words that npm was called with, as it took them apart (`--flag=value` is two words, `-s` is `--loglevel silent`), read from
 * the log that the npm above this process has open. Undefined where there is none: another system, no log (`logs-max=0`).
 */
export function npmWords(parent = process.ppid): readonly string[] | undefined {
  try {
    const folder = `/proc/${parent}/fd`
    for (const descriptor of readdirSync(folder)) {
      const file = readlinkSync(`${folder}/${descriptor}`)
      if (!/-debug-\d+\.log$/.test(file)) continue
      return wordsIn(readFileSync(file, 'utf8'))
    }
  } catch {
    // Not Linux, or not ours to look at.
  }
  return undefined
}

/** From the line `8 verbose argv "run" "bake" "--json"`. */
export function wordsIn(log: string): readonly string[] | undefined {
  const [, words] = /^\d+ verbose argv (".*")$/m.exec(log) ?? []
  return words?.match(/"(?:[^"\\]|\\.)*"/g)?.map((word) => String(JSON.parse(word)))
}
