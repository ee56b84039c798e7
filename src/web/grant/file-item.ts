import type { Upload } from '../../../client/client'
import { upload } from '../../../client/index'
import { el, replace } from './elements'
import { sayBytes, sayProblem } from './words'

/**
 * Uploads `file` under the grant at `address`, and returns the entry that shows how far it is, with what can be done about
 * it. `onEnd` is called when it has ended, whichever way.
 */
export function startItem(file: File, address: string, onEnd: () => void): HTMLLIElement {
  const progress = el('progress', {
    max: String(Math.max(1, file.size)),
    'aria-label': `Progress of ${file.name}`,
  })
  const state = el('p', { class: 'state', role: 'status' })
  const buttons = el('div', { class: 'buttons' })
  const size = el('span', { class: 'size' }, sayBytes(file.size))
  const item = el(
    'li',
    {},
    el('div', { class: 'name' }, el('strong', {}, file.name), size),
    progress,
    state,
    buttons,
  )

  const start = () => {
    item.className = 'busy'
    state.textContent = 'Uploading …'
    progress.value = 0
    const cancelled = new AbortController()
    const running = upload(file, {
      grant: address,
      signal: cancelled.signal,
      onProgress({ loaded, total }) {
        progress.value = total === 0 ? 1 : loaded
        if (item.className === 'busy') state.textContent = `${sayBytes(loaded)} of ${sayBytes(total)}`
      },
    })
    showControls(running, () => cancelled.abort())
    running.then(done, (error) => (cancelled.signal.aborted ? cancel() : fail(error))).finally(onEnd)
  }
  const showControls = (running: Upload, stop: () => void) => {
    const pause = button('Pause', () => {
      running.pause()
      item.className = 'paused'
      state.textContent = 'Paused'
      replace(buttons, resume, cancelButton)
      resume.focus()
    })
    const resume = button('Resume', () => {
      running.resume()
      item.className = 'busy'
      state.textContent = 'Uploading …'
      replace(buttons, pause, cancelButton)
      pause.focus()
    })
    const cancelButton = button('Cancel', stop)
    replace(buttons, pause, cancelButton)
  }
  const done = () => {
    item.className = 'done'
    progress.value = progress.max
    state.textContent = 'Uploaded'
    replace(buttons)
  }
  const cancel = () => {
    item.className = 'failed'
    state.textContent = 'Cancelled'
    replace(buttons, button('Upload again', start))
  }
  const fail = (error: unknown) => {
    item.className = 'failed'
    state.textContent = sayProblem(error)
    replace(buttons, button('Try again', start))
  }
  /** Its name says which file it is about, to those who do not see where it is. */
  const button = (text: string, act: () => void) => {
    const made = el('button', { type: 'button', 'aria-label': `${text}: ${file.name}` }, text)
    made.addEventListener('click', act)
    return made
  }

  start()
  return item
}
