import { describe, type Act } from '../acts/act.ts';
import { EndDevicesDocument, type DeviceLineFragment } from '../graphql/graphql.ts';
import { request } from '../session/request.ts';
import { i18n } from '../words/i18n.ts';

export function endDevices(devices: DeviceLineFragment[]): Act {
  const ids = devices.map(({ id }) => id);
  const [first] = devices;
  const name = first ? i18n.global.t('devices.named', { device: first.name, name: first.person.name }) : '';
  return describe(
    'endDevices',
    { name, count: devices.length },
    {
      perform: (said) => request(EndDevicesDocument, { ids, ...said }).then((answer) => answer.endDevices),
      reason: 'required',
      bad: true,
    },
  );
}
