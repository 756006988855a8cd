<?php
$this->applications['horde']['webroot'] = '';
$this->applications['horde']['fileroot'] = '/usr/share/horde';
$this->applications['imp']['fileroot'] = '/usr/share/horde/imp';
$this->applications['kronolith']['fileroot'] = '/usr/share/horde/kronolith';
$this->applications['content']['fileroot'] = '/usr/share/horde/content';
