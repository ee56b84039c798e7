import { Icon, type IconName } from '../components/icon'
import { formatBytes, formatShare } from '../words/format'
import { cancel, clearOver, type Item, isOver, pause, resume, retry } from './queue'

const stateNames: Readonly<Record<Item['state'], string>> = {
  waiting: 'Waiting',
  uploading: 'Uploading',
  paused: 'Paused',
  done: 'Uploaded',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

/** The uploads of this page, each with its progress and what can be done about it. */
export function UploadList({ items }: { items: readonly Item[] }) {
  if (items.length === 0) return null
  const done = items.filter(({ state }) => state === 'done').length
  return (
    <section class="uploads" aria-label="Uploads of this page">
      <header>
        <h2>Uploads</h2>
        <span role="status">
          {done} of {items.length} uploaded
        </span>
        <button type="button" class="button plain" disabled={!items.some(isOver)} onClick={clearOver}>
          Clear finished
        </button>
      </header>
      <ul>
        {items.map((item) => (
          <UploadRow key={item.id} item={item} />
        ))}
      </ul>
    </section>
  )
}

function UploadRow({ item }: { item: Item }) {
  const { id, file, state, loaded, problem } = item
  return (
    <li class={`upload ${state}`}>
      <span class="upload-name">{file.name}</span>
      <progress max={file.size || 1} value={file.size ? loaded : 1} aria-label={`Progress of ${file.name}`} />
      <span class="upload-state">
        {stateNames[state]}
        {(state === 'uploading' || state === 'paused') &&
          ` · ${formatBytes(loaded)} of ${formatBytes(file.size)} · ${formatShare(loaded, file.size)}`}
        {state === 'done' && ` · ${formatBytes(file.size)}`}
      </span>
      <span class="upload-actions">
        {state === 'uploading' && <Act icon="pause" verb="Pause" name={file.name} act={() => pause(id)} />}
        {state === 'paused' && <Act icon="play" verb="Resume" name={file.name} act={() => resume(id)} />}
        {(state === 'failed' || state === 'cancelled') && (
          <Act icon="retry" verb="Retry" name={file.name} act={() => retry(id)} />
        )}
        {!isOver(item) && <Act icon="close" verb="Cancel" name={file.name} act={() => cancel(id)} />}
      </span>
      {problem && (
        <p class="upload-problem" role="alert">
          {problem.sentence} {problem.detail && <span class="hint">{problem.detail}</span>}
        </p>
      )}
    </li>
  )
}

function Act({ icon, verb, name, act }: { icon: IconName; verb: string; name: string; act(): void }) {
  return (
    <button type="button" class="button plain" onClick={act}>
      <Icon name={icon} />
      {verb}
      <span class="hidden"> {name}</span>
    </button>
  )
}
