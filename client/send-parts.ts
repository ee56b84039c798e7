import type { Control } from './control'
import type { Plan } from './gateway'
import type { PartUrls } from './part-urls'
import type { ProgressMeter } from './progress'
import { put } from './put'

/** The bytes of part `number` of `file`. */
export function partOf(file: Blob, { partSize }: Pick<Plan, 'partSize'>, number: number): Blob {
  return file.slice((number - 1) * partSize, number * partSize)
}

/**
 * Sends the parts of `file` that `isSent` does not have, `concurrency` at a time, in their order. `onSent` is told of each, with its
 * ETag if the page may read it. The first part that fails for good ends `control`, and rejects.
 */
export async function sendParts(
  file: Blob,
  {
    plan,
    urls,
    control,
    retries,
    concurrency,
    progress,
    isSent,
    onSent,
  }: {
    plan: Plan
    urls: PartUrls
    control: Control
    retries: number
    concurrency: number
    progress: ProgressMeter
    isSent: (partNumber: number) => boolean
    onSent: (partNumber: number, etag: string | null) => void
  },
): Promise<void> {
  let next = 1
  const work = async () => {
    while (next <= plan.partCount) {
      const number = next++
      const body = partOf(file, plan, number)
      if (isSent(number)) progress.set(number, body.size)
      else {
        const answer = await put(control, retries, {
          body,
          signed: () => urls.get(number),
          renew: () => urls.drop(number),
          onProgress: (loaded) => progress.set(number, loaded),
        })
        onSent(number, answer.header('ETag'))
      }
    }
  }
  const workers = Array.from({ length: Math.max(1, concurrency) }, work)
  await Promise.all(workers).catch((error) => {
    control.end(error)
    throw error
  })
}
