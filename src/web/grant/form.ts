import { el, replace } from './elements'
import { startItem } from './file-item'
import { type Grant, isUsedUp, readGrant } from './grant'
import { sayGrant, sayProblem } from './words'

/** Shows what can be uploaded under the grant at `address`, and takes files that are dropped or chosen. */
export function showForm(main: Element, address: string, first: Grant): void {
  const facts = el('ul', { class: 'facts' })
  const input = el('input', { type: 'file', id: 'files' })
  const invitation = el('span', {}, 'Choose files, or drop them here')
  const drop = el('label', { class: 'drop', for: 'files' }, invitation, input)
  const list = el('ul', { class: 'files', 'aria-label': 'Your files' })
  const note = el('p', { role: 'status' })
  replace(main, el('h1', {}, 'Upload files'), facts, drop, note, list)

  const show = (grant: Grant) => {
    replace(facts, ...sayGrant(grant).map((text) => el('li', {}, text)))
    input.multiple = grant.maxFiles - grant.filesUsed > 1
    input.accept = grant.contentTypes?.join(',') ?? ''
    input.disabled = isUsedUp(grant)
    drop.hidden = facts.hidden = isUsedUp(grant)
    note.textContent = isUsedUp(grant) ? 'That was all: this link takes no more files.' : ''
  }
  const refresh = async () => {
    try {
      show(await readGrant(address))
    } catch (error) {
      note.textContent = sayProblem(error)
    }
  }
  const take = (files: Iterable<File>) => {
    for (const file of files) list.prepend(startItem(file, address, refresh))
  }

  input.addEventListener('change', () => {
    take(input.files ?? [])
    // So that the same file can be chosen again.
    input.value = ''
  })
  takeDrops(drop, (files) => {
    if (!input.disabled) take(files)
  })
  show(first)
}

/** Calls `take` with files that are dropped on `zone`. Elsewhere on the page a drop does nothing, and opens no file. */
function takeDrops(zone: HTMLElement, take: (files: Iterable<File>) => void): void {
  const mark = (isOver: boolean) => zone.classList.toggle('over', isOver)
  for (const name of ['dragover', 'drop']) document.addEventListener(name, (event) => event.preventDefault())
  zone.addEventListener('dragenter', () => mark(true))
  zone.addEventListener('dragover', () => mark(true))
  zone.addEventListener('dragleave', () => mark(false))
  zone.addEventListener('drop', (event) => {
    mark(false)
    take(event.dataTransfer?.files ?? [])
  })
}
