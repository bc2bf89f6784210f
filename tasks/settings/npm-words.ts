import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * npm's own arguments, as it parsed them (`--flag=value` is two words, `-s` is `--loglevel silent`), read from the log
 * that the parent npm has open. Undefined without one: not Linux, or no log (`logs-max=0`).
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
    // Not Linux, or no permission.
  }
  return undefined
}

/** Parses the line `8 verbose argv "run" "bake" "--json"`. */
export function wordsIn(log: string): readonly string[] | undefined {
  const [, words] = /^\d+ verbose argv (".*")$/m.exec(log) ?? []
  return words?.match(/"(?:[^"\\]|\\.)*"/g)?.map((word) => String(JSON.parse(word)))
}
