<?php
require_once '/usr/share/horde/lib/Application.php';
Horde_Registry::appInit('horde', array('authentication' => 'none', 'cli' => true));
$db = $GLOBALS['injector']->getInstance('Horde_Db_Adapter');
foreach ($argv as $i => $dir) { if (!$i) continue;
  $app = strtolower(basename(dirname($dir)));
  $m = new Horde_Db_Migration_Migrator($db, null, array('migrationsPath' => $dir, 'schemaTableName' => $app . '_schema_info'));
  $m->up(); echo $app, "\n"; }
