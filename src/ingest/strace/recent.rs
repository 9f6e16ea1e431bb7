//! A map for keys that come again and again: processes, program images, kinds of calls.

use std::collections::BTreeMap;

/// Positions remembered. A program makes some fifty kinds of calls, and fewer processes of it
/// run at once.
const CELLS: usize = 64;

/// A key with a number whose last bits tell keys apart that are in use at the same time.
pub(super) trait Key: Ord + Copy {
    /// That number. Equal keys have equal numbers.
    fn low(self) -> u32;
}

impl Key for u32 {
    fn low(self) -> u32 {
        self
    }
}

/// A sorted map that remembers where it found keys lately, so that one comparison mostly does
/// for a search. What it holds does not depend on that.
#[derive(Debug)]
pub(super) struct RecentMap<K, V> {
    entries: Vec<Option<(K, V)>>,
    free: Vec<usize>,
    positions: BTreeMap<K, usize>,
    recent: [usize; CELLS],
}

impl<K, V> Default for RecentMap<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            positions: BTreeMap::new(),
            recent: [0; CELLS],
        }
    }
}

fn cell<K: Key>(key: K) -> usize {
    usize::try_from(key.low()).unwrap_or_default() % CELLS
}

impl<K: Key, V> RecentMap<K, V> {
    /// The position of a key. It stays the same as long as the key is there.
    pub(super) fn position(&self, key: K) -> Option<usize> {
        self.remembered(key)
            .or_else(|| self.positions.get(&key).copied())
    }

    /// The position of a key, if it is one of those met last.
    pub(super) fn remembered(&self, key: K) -> Option<usize> {
        let at = *self.recent.get(cell(key))?;
        match self.entries.get(at) {
            Some(Some((found, _))) if *found == key => Some(at),
            _ => None,
        }
    }

    /// The position of a key, which is remembered.
    pub(super) fn remember_position(&mut self, key: K) -> Option<usize> {
        if let Some(at) = self.remembered(key) {
            return Some(at);
        }
        let at = self.positions.get(&key).copied()?;
        self.remember(key, at);
        Some(at)
    }

    fn remember(&mut self, key: K, at: usize) {
        if let Some(recent) = self.recent.get_mut(cell(key)) {
            *recent = at;
        }
    }

    pub(super) fn contains(&self, key: K) -> bool {
        self.position(key).is_some()
    }

    pub(super) fn get(&self, key: K) -> Option<&V> {
        let entry = self.entries.get(self.position(key)?)?;
        entry.as_ref().map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.remember_position(key)?;
        self.at(at)
    }

    /// The value of a key, if it is one of those met last.
    #[inline]
    pub(super) fn recent_mut(&mut self, key: K) -> Option<&mut V> {
        let at = *self.recent.get(cell(key))?;
        match self.entries.get_mut(at) {
            Some(Some((found, value))) if *found == key => Some(value),
            _ => None,
        }
    }

    /// The key and the value at a position.
    #[inline]
    pub(super) fn entry(&mut self, position: usize) -> Option<(K, &mut V)> {
        let (key, value) = self.entries.get_mut(position)?.as_mut()?;
        Some((*key, value))
    }

    /// The value at a position.
    pub(super) fn at(&mut self, position: usize) -> Option<&mut V> {
        let entry = self.entries.get_mut(position)?;
        entry.as_mut().map(|(_, value)| value)
    }

    /// Puts a value in the place of the one that the key has, if any. Returns its position.
    pub(super) fn insert(&mut self, key: K, value: V) -> usize {
        let at = self.position(key).unwrap_or_else(|| {
            let at = self.free.pop().unwrap_or(self.entries.len());
            self.positions.insert(key, at);
            at
        });
        match self.entries.get_mut(at) {
            Some(entry) => *entry = Some((key, value)),
            None => self.entries.push(Some((key, value))),
        }
        self.remember(key, at);
        at
    }

    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.positions.remove(&key)?;
        self.free.push(at);
        let (_, value) = self.entries.get_mut(at)?.take()?;
        Some(value)
    }

    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    /// The keys, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = K> {
        self.positions.keys().copied()
    }

    /// All that is there, sorted by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.positions.iter().filter_map(|(key, at)| {
            let entry = self.entries.get(*at)?;
            entry.as_ref().map(|(_, value)| (*key, value))
        })
    }

    /// The values, in no order that means anything.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().flatten().map(|(_, value)| value)
    }

    /// All that was there, sorted by key.
    pub(super) fn into_sorted(self) -> Vec<(K, V)> {
        let mut entries = self.entries;
        let take = |at: usize| entries.get_mut(at)?.take();
        self.positions.into_values().filter_map(take).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u32, u8),
        Remove(u32),
        Get(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Keys that meet in a cell, and some that do not.
        let key = prop_oneof![0u32..4, (0u32..4).prop_map(|n| n * 64)];
        prop_oneof![
            (key.clone(), any::<u8>()).prop_map(|(k, v)| Step::Insert(k, v)),
            key.clone().prop_map(Step::Remove),
            key.prop_map(Step::Get),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_map(steps in prop::collection::vec(step(), 0..200)) {
            let mut ours = RecentMap::default();
            let mut plain = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        let at = ours.insert(key, value);
                        plain.insert(key, value);
                        prop_assert_eq!(ours.at(at).copied(), Some(value));
                    }
                    Step::Remove(key) => prop_assert_eq!(ours.remove(key), plain.remove(&key)),
                    Step::Get(key) => {
                        prop_assert_eq!(ours.get(key), plain.get(&key));
                        prop_assert_eq!(ours.get_mut(key), plain.get_mut(&key));
                        prop_assert_eq!(ours.contains(key), plain.contains_key(&key));
                    }
                }
                prop_assert_eq!(ours.len(), plain.len());
                prop_assert!(ours.iter().eq(plain.iter().map(|(k, v)| (*k, v))));
                prop_assert!(ours.keys().eq(plain.keys().copied()));
            }
            prop_assert_eq!(ours.into_sorted(), plain.into_iter().collect::<Vec<_>>());
        }
    }
}
