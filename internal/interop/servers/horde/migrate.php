<?php
require_once '/usr/share/horde/lib/Application.php';
Horde_Registry::appInit('horde', array('authentication' => 'none', 'cli' => true));
$db = $GLOBALS['injector']->getInstance('Horde_Db_Adapter');
foreach ($argv as $i => $dir) { if (!$i) continue;
  $app = strtolower(basename(dirname($dir)));
  $m = new Horde_Db_Migration_Migrator($db, null, array('migrationsPath' => $dir, 'schemaTableName' => $app . '_schema_info'));
  $m->up(); echo $app, "\n"; }
// Whoever has never opened Kronolith has no calendar.
if (in_array('kronolith', array_map(function ($d) { return basename(dirname($d)); }, $argv))) {
  foreach (array({users}) as $user) {
    $db->insert('INSERT INTO kronolith_sharesng (share_name, share_owner, share_flags, attribute_name) VALUES (?, ?, 0, ?)', array('calendar-' . $user, $user, 'Calendar'));
    $db->insert('INSERT INTO horde_prefs (pref_uid, pref_scope, pref_name, pref_value) VALUES (?, ?, ?, ?)', array($user, 'kronolith', 'default_share', 'calendar-' . $user));
    $db->insert('INSERT INTO horde_prefs (pref_uid, pref_scope, pref_name, pref_value) VALUES (?, ?, ?, ?)', array($user, 'horde', 'timezone', 'Europe/Berlin'));
  }
}
