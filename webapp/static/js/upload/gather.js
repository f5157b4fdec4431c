// Files out of whatever was dropped or chosen: single files, folders in folders, many at once.

/** Return [{file, name}] of a drop; `name` is the path below what was dropped. */
export async function dropped(transfer) {
  // Entries must be taken at once: the browser empties the transfer when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = await Promise.all(entries.map((entry) => below(entry)));
  return found.flat();
}

/** Return [{file, name}] of a file or folder picker. */
export function chosen(files) {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

async function below(entry) {
  const name = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    return new Promise((resolve) => {
      // A file that cannot be opened is listed too, with its reason, rather than left out in silence.
      entry.file((file) => resolve([{ file, name }]), () => resolve([{ file: null, name }]));
    });
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    // A reader hands out about a hundred entries at a time, and none when it is done.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) break;
    for (const one of some) inside.push(...(await below(one)));
  }
  return inside;
}
