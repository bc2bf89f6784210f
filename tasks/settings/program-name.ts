import { shellWord } from '../../checker/shell-word.ts'

const variable = 'BAKEROLL_PROGRAM'

/** How bakeroll was called where that was not by npm: `./bakeroll`. Taken out of the environment: what a verb starts calls it otherwise. */
export function takeProgramName(env: NodeJS.ProcessEnv): string | undefined {
  const name = env[variable]
  delete env[variable]
  return name ? shellWord(name) : undefined
}

/** Texts say `npm run roll -- --surge 2`; this is the one place that words it for another way of calling. */
export function asCalled(text: string, program: string | undefined): string {
  if (program === undefined) return text
  return text.replace(
    /\bnpm (?:run (?:-s )?([a-z]+(?::[a-z]+)?|VERB)|(start)|(test))\b(?: --(?= |$))?/g,
    (_, verb: string | undefined, start: string | undefined) =>
      start === undefined ? `${program} ${verb ?? 'test'}` : program,
  )
}
