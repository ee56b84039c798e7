import { useCallback, useEffect, useState } from 'preact/hooks'
import { Empty, Failure } from '../../components/notice'
import { Pager } from '../../components/pager'
import { useKeptFocus } from '../../hooks/use-kept-focus'
import { useLoad } from '../../hooks/use-load'
import { useStore } from '../../hooks/use-store'
import type { Member } from '../../session/session'
import { DropZone } from '../../uploads/drop-zone'
import { onUploadEnded, queueStore } from '../../uploads/queue'
import { UploadList } from '../../uploads/upload-list'
import { FileDetail } from './file-detail'
import { FileTable } from './file-table'
import { FilterBar } from './filter-bar'
import { everything, type FilePage, isFiltered, loadPage, type Selection } from './selection'

/** Uploads, and the files that there are. `opened`: the id of the file whose details are shown. */
export function Files({ member, opened }: { member: Member; opened: string | null }) {
  const items = useStore(queueStore)
  return (
    <>
      {member.scopes.includes('files:write') ? (
        <DropZone member={member} />
      ) : (
        <p class="notice">This key may not upload: it lacks the scope files:write.</p>
      )}
      <UploadList items={items} />
      {member.scopes.includes('files:read') ? (
        <FileList member={member} opened={opened} />
      ) : (
        <p class="notice">This key may not list files: it lacks the scope files:read.</p>
      )}
    </>
  )
}

function FileList({ member, opened }: { member: Member; opened: string | null }) {
  const [selection, setSelection] = useState(everything)
  /** The cursor of every page up to this one; the first has none. */
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  const cursor = cursors.at(-1) ?? null
  const { value, error, isLoading, reload } = useLoad(
    async () => ({ ...(await loadPage(member, selection, cursor)), number: cursors.length }),
    [member, selection, cursor],
  )
  useEffect(() => onUploadEnded(reload), [reload])
  useKeptFocus(value)

  const select = useCallback((wanted: Selection) => {
    setCursors([null])
    setSelection(wanted)
  }, [])

  function go(page: number) {
    const next = value?.nextCursor ?? null
    setCursors(page < cursors.length ? cursors.slice(0, page + 1) : [...cursors, next])
  }

  return (
    <section class="list" aria-label="Files" aria-busy={isLoading}>
      <FilterBar selection={selection} select={select} />
      <Failure error={error} retry={reload} />
      {value && value.items.length > 0 && <FileTable member={member} files={value.items} />}
      {value?.items.length === 0 && <Nothing selection={selection} page={value} />}
      {value && (
        <Pager
          at={cursors.length - 1}
          hasNext={value.nextCursor !== null}
          isLoading={isLoading}
          summary={summaryOf(value)}
          go={go}
        />
      )}
      {opened && <FileDetail key={opened} member={member} id={opened} onDeleted={reload} />}
    </section>
  )
}

function summaryOf({ items, searched, number }: FilePage & { number: number }): string {
  const files = items.length === 1 ? '1 file' : `${items.length} files`
  return `Page ${number}: ${files}${items.length < searched ? ` of ${searched} looked at` : ''}`
}

function Nothing({ selection, page }: { selection: Selection; page: FilePage }) {
  if (isFiltered(selection))
    return (
      <Empty title="No file fits">
        <p>
          {page.nextCursor === null
            ? 'Change the filter, or reset it.'
            : 'None of the files looked at so far fits. Next looks at older ones.'}
        </p>
      </Empty>
    )
  return (
    <Empty title="No files yet">
      <p>Choose files above, or drop them there. What your programs upload appears here too.</p>
    </Empty>
  )
}
