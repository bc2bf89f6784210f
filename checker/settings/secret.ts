import { resolve } from 'node:path'
import { allOf, isWrong, type Kind, linesOf, type Parsed, type Place, repeated, wrong } from './kinds.ts'

/** A secret value; `@FILE` reads it from a file. */
export function secret<T>(one: Kind<T>): Kind<T> {
  return {
    ...one,
    async parse(text, place) {
      const parsed = await opened(one, text, place, false)
      return isWrong(parsed) ? parsed : parsed[0]
    },
    whole: wholeName,
    opensFiles: true,
  }
}

/** Several secrets; a file has one per line. */
export function secrets<T>(one: Kind<T>): Kind<readonly T[]> {
  return {
    ...repeated(one),
    async parse(text, place) {
      const parsed = allOf<readonly T[]>(await Promise.all(linesOf(text).map((line) => opened(one, line, place, true))))
      return isWrong(parsed) ? parsed : parsed.flat()
    },
    whole: (text, folder) =>
      linesOf(text)
        .map((line) => wholeName(line, folder))
        .join('\n'),
    opensFiles: true,
  }
}

function wholeName(text: string, folder: string): string {
  return text.startsWith('@') ? `@${resolve(folder, text.slice(1))}` : text
}

async function opened<T>(
  one: Kind<T>,
  text: string,
  place: Place,
  mayBeSeveral: boolean,
): Promise<Parsed<readonly T[]>> {
  if (!text.startsWith('@')) {
    const parsed: unknown = await one.parse(text, place)
    return isWrong(parsed) ? parsed : [parsed as T]
  }
  const file = (await import('./secret-file.ts')).readSecretFile(resolve(place.folder, text.slice(1)), mayBeSeveral)
  if ('problem' in file) return wrong(file.problem)
  if (file.warning !== undefined) place.warn(file.warning)
  const parsed = file.lines.map(async ({ text: line, place: where }) => {
    const value: unknown = await one.parse(line, place)
    if (!isWrong(value)) return value
    // The file's content is not shown.
    const lines = value === undefined || value.lines.length === 0 ? [`expected ${one.expected}`] : value.lines
    return wrong(...lines.map((problem) => `${where}: ${problem}`))
  })
  return allOf(await Promise.all(parsed))
}
