import type { Upload, UploadedFile, UploadOptions } from './client'
import { Control } from './control'
import { Gateway } from './gateway'
import { forget, forgetOver, placeOf, recall } from './remembered-upload'
import { Transfer } from './transfer'
import { UploadError } from './upload-error'

const retriesDefault = 7

/** Where uploads of this page are remembered: another of the same file must not take part in one that is under way. */
const underWay = new Set<string>()

/**
 * Sends `file` to the store and resolves with the file once the gateway has verified it. Goes on with an upload of the same
 * file that an earlier page began. Rejects with an `UploadError`, or with the reason of `signal`.
 */
export function upload(file: File | Blob, options: UploadOptions): Upload {
  const control = new Control(options.signal)
  return Object.assign(run(file, options, control), {
    pause: () => control.pause(),
    resume: () => control.resume(),
  })
}

async function run(file: Blob, options: UploadOptions, control: Control): Promise<UploadedFile> {
  const { signal, retries = retriesDefault } = options
  const gateway = new Gateway(options, control, retries)
  forgetOver()
  const itsPlace = placeOf(gateway.base, file)
  const place = itsPlace === null || underWay.has(itsPlace) ? null : itsPlace
  const transfer = new Transfer(file, { options, gateway, control, retries, place, known: recall(place) })
  if (place) underWay.add(place)
  try {
    const uploaded = await transfer.run()
    forget(place)
    return uploaded
  } catch (error) {
    if (signal?.aborted) {
      forget(place)
      // Under a control of its own, as this one has ended. The caller does not wait for it.
      transfer.abort(new Gateway(options, new Control(), 2)).catch(() => {})
    } else if (error instanceof UploadError && isOver(error)) forget(place)
    throw error
  } finally {
    if (place) underWay.delete(place)
    control.release()
  }
}

/** Whether nothing can be resumed. */
function isOver({ code }: UploadError): boolean {
  return ['type_refused', 'refused', 'expired', 'quota', 'invalid', 'too_large'].includes(code)
}
