import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Lets `fill` write a new file, then moves it into place in one step: a reader sees the old file, the complete new one, or none.
 * It is readable by its owner only, and on disk before it gets its name.
 */
export async function inPlaceOf<T>(path: string, fill: (draft: FileHandle) => Promise<T>): Promise<T> {
  drafts += 1
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.${drafts}.tmp`)
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    const filled = await fill(file)
      .then(async (result) => {
        await file.sync()
        return result
      })
      .finally(() => file.close())
    await rename(draft, path)
    return filled
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Of this process: several drafts may be open. */
let drafts = 0

/** Writes everything, even when the system accepts only a part at a time. */
export async function writeAt(file: FileHandle, content: Buffer, position: number): Promise<void> {
  for (let done = 0; done < content.length; ) {
    done += (await file.write(content, done, content.length - done, position + done)).bytesWritten
  }
}
