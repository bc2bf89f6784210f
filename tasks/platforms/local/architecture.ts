import { OperatorError } from '../../lib/errors.ts'

/** Throws a refusal where the processor is not the one that local machines have. */
export function checkArchitecture(arch: string = process.arch): void {
  if (arch === 'x64') return
  throw new OperatorError('refused', `local machines need an x86-64 computer, this one is ${arch}`, {
    hint: '--platform aws and check run here, too; neither has been tried on it',
  })
}
