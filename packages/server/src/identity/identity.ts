import { type Labels, labelsOf, labelValue, type Profile } from '@kube-eagle/profile';

/** Adds to a series' labels what the server knows of whoever was measured. */
export type JoinIdentity = (labels: Labels) => Labels;

/** Digits of a container's id that tell it apart on a machine, as Docker's own tools show it. */
export const SHORT_ID = 12;

/** Names a container by its id where nothing better is known. */
export const joinContainerId: JoinIdentity = (labels) => {
  const id = labelValue(labels, 'container_id');
  if (id === '' || labelValue(labels, 'container') !== '') return labels;
  return labelsOf([
    ...labels.map(({ name, value }) => [name, value] as const),
    ['container', id.slice(0, SHORT_ID)],
  ]);
};

/** The profile with every series' labels joined. */
export function withIdentity(profile: Profile, join: JoinIdentity): Profile {
  return { ...profile, series: { ...profile.series, labels: profile.series.labels.map(join) } };
}
