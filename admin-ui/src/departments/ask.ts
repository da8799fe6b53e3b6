import { perform } from '../acts/perform.ts';
import { ask } from '@parley/look/ask.ts';
import ChooseDialog from '../ui/ChooseDialog.vue';
import NameDialog from '../ui/NameDialog.vue';
import { i18n } from '../words/i18n.ts';
import { createDepartment, deleteDepartment, moveDepartment, renameDepartment } from './acts.ts';
import DeleteDialog from './DeleteDialog.vue';
import { subtree, type Branch } from './tree.ts';

const { t } = i18n.global;
/** What stands for the top of the tree among ids. */
const top = 'top';

export async function askToCreate(parent: Branch | null) {
  const title = parent ? t('departments.inside', { name: parent.name }) : t('departments.create');
  const name = await ask<string>(NameDialog, { title, label: t('departments.name') });
  if (name) await perform(createDepartment(name, parent?.id ?? ''));
}

export async function askToRename(branch: Branch) {
  const name = await ask<string>(NameDialog, {
    title: t('departments.renameTitle', { name: branch.name }),
    label: t('departments.newName'),
    value: branch.name,
  });
  if (name && name !== branch.name) await perform(renameDepartment(branch, name));
}

/** Nothing can be moved below itself: that is not even offered. */
export async function askToMove(branch: Branch, parent: Branch | null, all: Branch[]) {
  const own = subtree(branch);
  const places = all
    .filter(({ id }) => !own.has(id) && id !== branch.parentId)
    .map(({ id, name, depth }) => ({ value: id, label: name, depth }));
  const options = parent ? [{ value: top, label: t('departments.top'), depth: 0 }, ...places] : places;
  const chosen = await ask<string>(ChooseDialog, { title: t('departments.moveTitle', { name: branch.name }), options });
  if (chosen) await perform(moveDepartment(branch, all.find(({ id }) => id === chosen) ?? null, parent));
}

export async function askToDelete(branch: Branch, parent: Branch | null) {
  const empty = branch.peopleBelow === 0 && branch.children.length === 0;
  const moveUp = empty ? false : await ask<boolean>(DeleteDialog, { branch, parent });
  if (moveUp !== undefined) await perform(deleteDepartment(branch, moveUp));
}
